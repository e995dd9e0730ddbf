export { checkConsistency, type Consistency, type Difference } from './consistency.ts';
export { openReadModels, type ReadModelConfig } from './database.ts';
export { FoldDefect } from './fold.ts';
export { createProjector, type Projector, type ProjectorOptions } from './projector.ts';
export type { ReadModelDatabase } from './read-models.ts';
export { rebuild, type RebuildOptions } from './rebuild.ts';
export type { ReadModelTables } from './registry.ts';
export { ProjectionMisfit } from './shape.ts';
