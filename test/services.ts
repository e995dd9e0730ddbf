/** The tests that need a server npm cannot install. Each service is found by its URL or started here. */

const services: readonly string[] = [];

if (services.length === 0) {
  console.log(
    'Services tested: none. No part of Counterfoil needs a server beyond npm yet;' +
      ' PostgreSQL is tested by `npm test`, which starts a real one from npm.',
  );
}
