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

  const release = (member: symbol): void => {
    for (const [partition, holder] of holders) {
      if (holder === member) holders.delete(partition);
    }
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
      const own = [...next.keys()].filter(
        (partition, index) => index % members.length === place && !holders.has(partition),
      );
      for (const partition of own) holders.set(partition, member);
      return own;
    },
    release: (member) => {
      release(member);
      // Somebody else may have been waiting for one of them.
      if (members.length > 1) onChange();
    },
  };
}
