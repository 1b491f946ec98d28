package io.stagecoach.spark.house;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The import rules of the Spark rooms: one way, top to bottom. */
@AnalyzeClasses(
    packages = "io.stagecoach.spark",
    importOptions = ImportOption.DoNotIncludeTests.class)
class SparkHouseTest {

  @ArchTest
  static final ArchRule roomsImportDownwards =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("ml")
          .definedBy("io.stagecoach.spark.ml..")
          .layer("dl4j")
          .definedBy("io.stagecoach.spark.dl4j..")
          .layer("job")
          .definedBy("io.stagecoach.spark.job..")
          .layer("ui")
          .definedBy("io.stagecoach.spark.ui..")
          .layer("doctor")
          .definedBy("io.stagecoach.spark.doctor..")
          .layer("cluster")
          .definedBy("io.stagecoach.spark.cluster..")
          .layer("score")
          .definedBy("io.stagecoach.spark.score..")
          .layer("data")
          .definedBy("io.stagecoach.spark.data..")
          .layer("config")
          .definedBy("io.stagecoach.spark.config..")
          .layer("gpu")
          .definedBy("io.stagecoach.spark.gpu..")
          .layer("exchange")
          .definedBy("io.stagecoach.spark.exchange..")
          .whereLayer("ml")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("dl4j")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("job")
          .mayOnlyBeAccessedByLayers("ml", "dl4j")
          .whereLayer("ui")
          .mayOnlyBeAccessedByLayers("job")
          .whereLayer("doctor")
          .mayOnlyBeAccessedByLayers("job")
          .whereLayer("cluster")
          .mayOnlyBeAccessedByLayers("job", "ui", "doctor")
          .whereLayer("score")
          .mayOnlyBeAccessedByLayers("ml", "job")
          .whereLayer("data")
          .mayOnlyBeAccessedByLayers("ml", "dl4j", "job", "doctor", "score", "cluster")
          .whereLayer("config")
          .mayOnlyBeAccessedByLayers(
              "ml", "dl4j", "job", "doctor", "score", "cluster", "data", "gpu")
          .whereLayer("gpu")
          .mayOnlyBeAccessedByLayers("ml", "dl4j", "job", "doctor", "cluster", "score");

  /** DL4J has declared its Spark modules deprecated: one adapter knows them. */
  @ArchTest
  static final ArchRule onlyTheAdapterKnowsDl4jsSparkModules =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.stagecoach.spark.dl4j..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.deeplearning4j.spark..", "org.datavec..");

  /** What a step does on an executor does not depend on how the driver's settings are spelt. */
  @ArchTest
  static final ArchRule stagesAreToldAndDoNotReadSettings =
      noClasses()
          .that()
          .resideInAnyPackage("io.stagecoach.spark.cluster..", "io.stagecoach.spark.exchange..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.stagecoach.spark.config..");

  /** Tensors cross borders through the codec; nobody else touches Arrow's memory. */
  @ArchTest
  static final ArchRule onlyOwnersOfMemoryKnowArrow =
      noClasses()
          .that()
          .resideInAnyPackage("io.stagecoach.spark.job..", "io.stagecoach.spark.config..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.arrow..");
}
