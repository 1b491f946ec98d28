package io.stagecoach.house;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;

/** The import rules of the house: one way, top to bottom, and no Spark in this module. */
@AnalyzeClasses(packages = "io.stagecoach", importOptions = ImportOption.DoNotIncludeTests.class)
class HouseTest {

  /** The rooms from top to bottom; each may import those below it. */
  private static final String[] ROOMS = {
    "replan",
    "report",
    "sync",
    "checkpoint",
    "stage",
    "engine",
    "model",
    "scale",
    "schedule",
    "plan",
    "batch",
    "tensor",
    "error"
  };

  @ArchTest static final ArchRule roomsImportDownwards = downwards();

  @ArchTest
  static final ArchRule noSpark =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.stagecoach.spark..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.apache.spark..", "scala..", "org.apache.hadoop..");

  /** A second engine must be addable without touching anything above. */
  @ArchTest
  static final ArchRule onlyTheEngineRoomKnowsItsEngine =
      noClasses()
          .that()
          .resideInAnyPackage(
              "io.stagecoach.stage..",
              "io.stagecoach.schedule..",
              "io.stagecoach.sync..",
              "io.stagecoach.checkpoint..",
              "io.stagecoach.report..",
              "io.stagecoach.replan..",
              "io.stagecoach.scale..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.stagecoach.engine.dl4j..", "org.deeplearning4j..");

  private static LayeredArchitecture downwards() {
    LayeredArchitecture house = layeredArchitecture().consideringOnlyDependenciesInLayers();
    for (String room : ROOMS) {
      house = house.optionalLayer(room).definedBy("io.stagecoach." + room + "..");
    }
    for (int i = 1; i < ROOMS.length; i++) {
      String[] above = new String[i];
      System.arraycopy(ROOMS, 0, above, 0, i);
      house = house.whereLayer(ROOMS[i]).mayOnlyBeAccessedByLayers(above);
    }
    return house.whereLayer(ROOMS[0]).mayNotBeAccessedByAnyLayer();
  }
}
