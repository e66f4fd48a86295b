import { describe, expect, it } from "vitest";
import { type Page, readPages } from "../../resources/pages.ts";

type Item = { id: number };

/** Answers each reading of a page by `answers(page, reading)`, counting from 1, and records what was asked. */
function pages(answers: (page: number, reading: number) => Page<Item>, attempts?: number) {
  const asked: number[] = [];
  const readings = new Map<number, number>();
  const result = readPages<Item>({
    pageSize: 2,
    idOf: (item) => String(item.id),
    invalid: (reason) => new Error(reason),
    ...(attempts ? { attempts } : {}),
    read: async (page) => {
      asked.push(page);
      readings.set(page, (readings.get(page) ?? 0) + 1);
      return answers(page, readings.get(page)!);
    },
  });
  return { asked, ids: result.then((items) => items.map((item) => item.id)) };
}

const items = (...ids: number[]) => ids.map((id) => ({ id }));
const FIVE = [items(1, 2), items(3, 4), items(5)];
const whole = (page: number): Page<Item> => ({ items: FIVE[page - 1] ?? [], total: 5 });

describe("readPages", () => {
  it("reads each page of a list once", async () => {
    const { asked, ids } = pages(whole);

    expect(await ids).toEqual([1, 2, 3, 4, 5]);
    expect(asked).toEqual([1, 2, 3]);
  });

  it("takes an empty list for empty with one call", async () => {
    const { asked, ids } = pages(() => ({ items: [], total: 0 }));

    expect(await ids).toEqual([]);
    expect(asked).toEqual([1]);
  });

  it("reads again when an item is missing from one page", async () => {
    const { ids } = pages((page, reading) =>
      page === 2 && reading === 1 ? { items: items(3), total: 5 } : whole(page),
    );

    expect(await ids).toEqual([1, 2, 3, 4, 5]);
  });

  it("reads again when an item moved to the next page and hid another", async () => {
    const shifted = (page: number, reading: number) =>
      page === 2 && reading === 1 ? { items: items(2, 3), total: 5 } : whole(page);
    const { ids } = pages(shifted);

    expect(await ids).toEqual([1, 2, 3, 4, 5]);
  });

  it("reads again when the total changes between pages", async () => {
    const { asked, ids } = pages((page, reading) =>
      page === 3 && reading === 1 ? { items: items(5, 6), total: 6 } : whole(page),
    );

    expect(await ids).toEqual([1, 2, 3, 4, 5]);
    expect(asked).toHaveLength(6);
  });

  it("refuses a list that stays short, rather than believe it", async () => {
    const { asked, ids } = pages((page) => (page === 1 ? { items: items(1), total: 5 } : whole(page)), 3);

    await expect(ids).rejects.toThrow("promised 5 items and held 4, 3 times");
    expect(asked).toHaveLength(9);
  });
});
