package io.stagecoach.spark.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.exchange.Control;
import io.stagecoach.tensor.Tensors;
import java.io.IOException;

/** Messages as JSON. */
final class MessageJson {

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .disable(MapperFeature.AUTO_DETECT_IS_GETTERS)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private MessageJson() {}

  static byte[] write(Message message) {
    try {
      return MAPPER.writerFor(Message.class).writeValueAsBytes(message);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write a " + message.getClass().getSimpleName(), e);
    }
  }

  static Control control(Message message, Tensors tensors) {
    return Control.of(message.getClass().getSimpleName(), write(message), tensors);
  }

  static Message read(byte[] json) {
    try {
      Message message = MAPPER.readValue(json, Message.class);
      if (message == null) {
        throw notOne("it is null", null);
      }
      return message;
    } catch (IOException e) {
      throw notOne(e.getMessage(), e);
    }
  }

  private static StagecoachException notOne(String why, IOException cause) {
    return new StagecoachException(
        ErrorKind.PEER,
        "A control message is not one: " + why,
        Where.nowhere(),
        "All executors must run the same version of the job.",
        cause);
  }
}
