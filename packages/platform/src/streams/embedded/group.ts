/**
 * A group's place in a topic, and who of its members has which partitions. The members divide them evenly,
 * in the order in which they joined; when one comes or goes they are divided anew, but a partition whose
 * batch is being handled stays where it is until that is done, so that no two members ever have it at once.
 */
export interface Group {
  /** The offset that is handed over next, of each partition. */
  readonly next: Map<number, number>;
  join(member: symbol): void;
  leave(member: symbol): void;
  /** The partitions that a member may handle now; they are its own until it releases them. */
  acquire(member: symbol): readonly number[];
  release(member: symbol): void;
}

export function createGroup(next: Map<number, number>, onChange: () => void): Group {
  const members: symbol[] = [];
  const holders = new Map<number, symbol>();
  /** Partitions that a member asked for while another had them. */
  const wanted = new Set<number>();

  /** Whether somebody waits for one of them. */
  const release = (member: symbol): boolean => {
    let waitedFor = false;
    for (const [partition, holder] of holders) {
      if (holder !== member) continue;
      holders.delete(partition);
      if (wanted.delete(partition)) waitedFor = true;
    }
    return waitedFor;
  };

  return {
    next,
    join: (member) => {
      members.push(member);
      onChange();
    },
    leave: (member) => {
      members.splice(members.indexOf(member), 1);
      release(member);
      onChange();
    },
    acquire: (member) => {
      const place = members.indexOf(member);
      const due = [...next.keys()].filter((_, index) => index % members.length === place);
      const own = due.filter((partition) => !holders.has(partition));
      for (const partition of due) if (holders.has(partition)) wanted.add(partition);
      for (const partition of own) holders.set(partition, member);
      return own;
    },
    release: (member) => {
      // Told to nobody else: who is woken for nothing releases what he looked at, and would wake all again.
      if (release(member)) onChange();
    },
  };
}
