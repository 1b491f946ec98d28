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
          .layer("job")
          .definedBy("io.stagecoach.spark.job..")
          .layer("cluster")
          .definedBy("io.stagecoach.spark.cluster..")
          .layer("score")
          .definedBy("io.stagecoach.spark.score..")
          .layer("data")
          .definedBy("io.stagecoach.spark.data..")
          .layer("config")
          .definedBy("io.stagecoach.spark.config..")
          .layer("exchange")
          .definedBy("io.stagecoach.spark.exchange..")
          .whereLayer("ml")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("job")
          .mayOnlyBeAccessedByLayers("ml")
          .whereLayer("cluster")
          .mayOnlyBeAccessedByLayers("job")
          .whereLayer("score")
          .mayOnlyBeAccessedByLayers("ml", "job")
          .whereLayer("data")
          .mayOnlyBeAccessedByLayers("ml", "job", "score", "cluster")
          .whereLayer("config")
          .mayOnlyBeAccessedByLayers("ml", "job", "score", "cluster", "data");

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
