import { fetchFiles } from '../../test-jars/maven-central.ts';
import jars from './test-server-jars.json' with { type: 'json' };

/**
 * The files of DynamoDB Local: what `com.amazonaws:DynamoDBLocal:2.6.1` needs to run in memory, SQLite for
 * Linux on x64 among it, and `jetty-xml`, to have it listen on one address alone.
 */
export async function fetchDynamo(): Promise<readonly string[]> {
  return fetchFiles(
    jars,
    'the tests on DynamoDB need it: reach Maven Central, or set COUNTERFOIL_DYNAMODB_ENDPOINT to the address of a DynamoDB',
  );
}
