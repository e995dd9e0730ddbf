import type { Scenario } from './scenario.ts';

const scenarios = {
  append: async () => (await import('./scenarios/append.ts')).append,
  snapshots: async () => (await import('./scenarios/snapshots.ts')).snapshots,
  commands: async () => (await import('./scenarios/commands.ts')).commands,
  http: async () => (await import('./scenarios/http.ts')).http,
  bulk: async () => (await import('./scenarios/bulk.ts')).bulk,
  capture: async () => (await import('./scenarios/capture.ts')).capture,
  'corporate-actions': async () =>
    (await import('./scenarios/corporate-actions.ts')).corporateActions,
  replay: async () => (await import('./scenarios/replay.ts')).replay,
  'verify-export': async () => (await import('./scenarios/verify-export.ts')).verifyExport,
  disk: async () => (await import('./scenarios/disk.ts')).disk,
  sealing: async () => (await import('./scenarios/sealing.ts')).sealing,
  'access-audit': async () => (await import('./scenarios/access-audit.ts')).accessAudit,
  authentication: async () => (await import('./scenarios/authentication.ts')).authentication,
  portfolio: async () => (await import('./scenarios/portfolio.ts')).portfolio,
} satisfies Record<string, () => Promise<Scenario>>;

export type ScenarioName = keyof typeof scenarios;

export const scenarioNames = Object.keys(scenarios) as readonly ScenarioName[];

export function isScenario(name: string): name is ScenarioName {
  return name in scenarios;
}

export async function loadScenario(name: ScenarioName): Promise<Scenario> {
  return scenarios[name]();
}
