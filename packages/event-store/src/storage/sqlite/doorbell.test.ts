import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createDoorbell } from './doorbell.ts';

describe('LG-02 the doorbell of a log that others write to', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('rings when the log has changed, and not otherwise', () => {
    let version = 1;
    const rung = vi.fn<() => void>();
    const doorbell = createDoorbell(() => version, 10);
    doorbell.watch(rung);

    vi.advanceTimersByTime(50);
    expect(rung).toHaveBeenCalledTimes(0);
    version = 2;
    vi.advanceTimersByTime(50);

    expect(rung).toHaveBeenCalledTimes(1);
    doorbell.stop();
  });

  test('OP-11 rings when that can not be found out, and goes on', () => {
    let version: number | undefined = 1;
    const rung = vi.fn<() => void>();
    const doorbell = createDoorbell(() => {
      if (version === undefined) throw new Error('disk I/O error');
      return version;
    }, 10);
    doorbell.watch(rung);

    version = undefined;
    vi.advanceTimersByTime(20);
    expect(rung).toHaveBeenCalledTimes(2);
    version = 1;
    vi.advanceTimersByTime(20);
    expect(rung).toHaveBeenCalledTimes(2);
    version = 3;
    vi.advanceTimersByTime(20);

    expect(rung).toHaveBeenCalledTimes(3);
    doorbell.stop();
  });

  test.each([0, 1])(
    'looks no more once it has been stopped, with %i who watched before',
    (count) => {
      const dataVersion = vi.fn<() => number>(() => 1);
      const doorbell = createDoorbell(dataVersion, 10);
      for (let watches = 0; watches < count; watches += 1) doorbell.watch(() => undefined);
      vi.advanceTimersByTime(10);
      expect(dataVersion).toHaveBeenCalledTimes(1 + count);

      doorbell.stop();
      const unwatch = doorbell.watch(() => undefined);
      vi.advanceTimersByTime(50);
      unwatch();

      expect(dataVersion).toHaveBeenCalledTimes(1 + count);
      expect(vi.getTimerCount()).toBe(0);
    },
  );
});
