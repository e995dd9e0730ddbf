import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type, type TSchema } from 'typebox';
import { ActionIdIn } from '../../domain/corporate-actions/contract.ts';
import type { ActionId } from '../../domain/corporate-actions/events.ts';
import type { AnnouncementInstruction } from '../../ledger/corporate-actions.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { RunCommand } from '../commands.ts';
import { Confirmation } from '../confirmation.ts';
import type { ErrorCode } from '../errors.ts';
import { commandSchema, type Guarded } from '../operation.ts';
import { tellOf, type ActionNews, type TellNews } from './news.ts';

export const eventTag = 'Corporate actions';

export const eventParams = Type.Object({ event_id: ActionIdIn });

/** A route that gives an announced event a command; all of them differ in these things only. */
export interface EventCommandRoute<Body> {
  readonly method: 'POST' | 'PATCH';
  /** Behind `/events/:event_id`. */
  readonly path: string;
  readonly id: string;
  readonly access: Guarded;
  readonly summary: string;
  readonly description?: string;
  readonly body: TSchema;
  readonly errors: readonly ErrorCode[];
  /** What whoever posts to the accounts is told; undefined for nothing. */
  readonly news?: ActionNews['reason'];
  /** May throw a Refusal. */
  instruct(body: Body, id: ActionId): AnnouncementInstruction | Promise<AnnouncementInstruction>;
}

export interface EventCommandParts {
  readonly ledger: Pick<Ledger, 'corporateActions'>;
  readonly run: RunCommand;
  readonly tellNews: TellNews;
}

export function eventCommand<Body>(
  api: FastifyInstance,
  { ledger, run, tellNews }: EventCommandParts,
  route: EventCommandRoute<Body>,
): void {
  const { method, path, news, instruct, ...operation } = route;
  const schema = commandSchema({
    ...operation,
    tag: eventTag,
    params: eventParams,
    errors: ['ACTION_UNKNOWN', ...operation.errors],
    answers: { 200: Confirmation },
  });
  api.route<{ Body: Body; Params: { readonly event_id: ActionId } }>({
    method,
    url: `/events/:event_id${path}`,
    schema,
    handler: async (request, reply) => {
      const id = request.params.event_id;
      const instruction = await instruct(request.body as Body, id);
      return run(request, reply, {
        subject: id,
        success: { status: 200, names: { id } },
        handle: async (options) => {
          const result = await ledger.corporateActions.handle(id, instruction, options);
          if (news !== undefined && result.kind === 'accepted' && result.eventIds.length > 0) {
            await tellOf(ledger, tellNews, newsOf(request, id, news));
          }
          return result;
        },
      });
    },
  });
}

export function newsOf(
  { correlationId }: Pick<FastifyRequest, 'correlationId'>,
  actionId: ActionId,
  reason: ActionNews['reason'],
) {
  return { actionId, reason, correlationId };
}
