package io.stagecoach.spark.doctor;

import java.util.Map;

/**
 * An executor as it has looked at itself.
 *
 * @param place its id and host
 * @param memoryBeside what its process takes beside the Java heap before it hosts a stage, in
 *     bytes; 0 where the operating system does not say
 * @param findings what each check has found, by the check's name
 */
record ExecutorState(String place, long memoryBeside, Map<String, Finding> findings) {}
