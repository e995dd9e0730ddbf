import { fetchFiles } from '../../test-jars/maven-central.ts';
import jars from './test-server-jars.json' with { type: 'json' };

/**
 * The files of Apache Kafka: what `org.apache.kafka:kafka_2.13:4.1.2` needs to run, and a logging backend that
 * says nothing.
 */
export async function fetchKafka(): Promise<readonly string[]> {
  return fetchFiles(
    jars,
    'the tests on Kafka need it: reach Maven Central, or set COUNTERFOIL_BUS to kafka://host:port of a broker',
  );
}
