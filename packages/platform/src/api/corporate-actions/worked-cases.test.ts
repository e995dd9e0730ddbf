import { openServer } from '../server.fixture.ts';
import { describeWorkedCases } from './worked-cases.contract.ts';

describeWorkedCases('SQLite with the embedded bus', openServer);
