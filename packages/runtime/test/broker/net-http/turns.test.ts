import { describe, expect, it } from 'vitest';
import { Turns } from '../../../src/broker/net-http/turns.ts';

describe('Turns', () => {
  it('go in order, and never more than so many at once', async () => {
    const turns = new Turns(2);
    const went: number[] = [];
    const take = (n: number): Promise<void> => turns.take().then(() => void went.push(n));
    const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    for (const n of [1, 2, 3, 4]) void take(n);
    await settle();
    expect(went).toEqual([1, 2]);
    turns.give();
    await settle();
    expect(went).toEqual([1, 2, 3]);
    void take(5);
    await settle();
    expect(went).toEqual([1, 2, 3]);
    turns.give();
    turns.give();
    turns.give();
    await settle();
    expect(went).toEqual([1, 2, 3, 4, 5]);
    void take(6);
    void take(7);
    await settle();
    expect(went).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
