import type { Facts, Subject, Verdict } from './verdict.ts';

/** The verdict as an auditor reads it; the first sentence says it all. */
export function sentencesOf(verdict: Verdict): readonly string[] {
  switch (verdict.outcome) {
    case 'proven':
      return [
        `Right: ${shown(verdict.subject, verdict.facts)}.`,
        `${treeOf(verdict.facts)}, signed by ${verdict.facts.signers.join(' and ')}.`,
      ];
    case 'whole':
      return [
        `Whole, but not proven: ${shown(verdict.subject, verdict.facts)}.`,
        `${treeOf(verdict.facts)}.`,
        'Nobody gave a key, so this shows that all of it fits together, and not whose it is. ' +
          'Whoever changes everything can make it fit again: give the key of the log, as you know it from elsewhere.',
      ];
    case 'altered':
      return [`Does not verify${where(verdict.problem)}: ${verdict.problem.sentence}.`];
    case 'unchecked':
      return [`Could not be checked${where(verdict.problem)}: ${verdict.problem.sentence}.`];
  }
}

function shown(subject: Subject, facts: Facts): string {
  switch (subject) {
    case 'export':
      return `entries ${facts.from} to ${facts.to} of the log "${facts.origin}" are as they were sealed`;
    case 'package':
      return (
        `the report ${facts.report} of ${facts.createdAt} with ${facts.files?.join(', ')} ` +
        `is as it was signed at position ${facts.position}${citing(facts)}`
      );
    case 'entry':
      return (
        `entry ${facts.position} of the log "${facts.origin}" is ${facts.type}, version ${facts.version} of ` +
        `${facts.stream}, recorded at ${facts.recordedAt}${by(facts)}`
      );
    case 'proof':
      return `the leaf has the index ${facts.index} in the log "${facts.origin}"`;
    case 'growth':
      return `the log "${facts.origin}" is still what it was with ${facts.grownFrom} entries, and more`;
    case 'checkpoint':
      return `this is a checkpoint of the log "${facts.origin}"`;
  }
}

function citing({ proofs = 0 }: Facts): string {
  return proofs === 0
    ? ''
    : `, and ${proofs} of the entries that it cites are proven to be in the log`;
}

function by({ userId, eventId }: Facts): string {
  if (eventId === undefined) return '';
  const whom = userId === undefined || userId === '' ? '' : `, caused by ${userId}`;
  return `${whom}, event ${eventId}`;
}

function treeOf({ size, root }: Facts): string {
  return `The checkpoint covers ${size} entries with the root ${root}`;
}

function where({ line, position, member }: Problems): string {
  const places = [
    ...(position === undefined ? [] : [`entry ${position}`]),
    ...(member === undefined ? [] : [member]),
    ...(line === undefined ? [] : [`line ${line}`]),
  ];
  return places.length === 0 ? '' : ` (${places.join(', ')})`;
}

type Problems = Extract<Verdict, { readonly problem: unknown }>['problem'];
