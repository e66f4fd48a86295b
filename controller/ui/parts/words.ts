import { html } from "hono/html";
import type { Cost } from "../../store/types.ts";
import { span } from "../../words/time.ts";
import { type Markup, nothing } from "./markup.ts";

/** `6.00 USD`, the sums of several currencies behind each other. */
export function money(cost: Cost | readonly Cost[] | undefined): string {
  const all = cost === undefined ? [] : Array.isArray(cost) ? (cost as readonly Cost[]) : [cost as Cost];
  return all.map(({ monthlyMicro, currency }) => `${grouped(monthlyMicro / 1_000_000)} ${currency}`).join(" + ");
}

const grouped = (amount: number): string => amount.toFixed(2).replace(/\B(?=(\d{3})+(?!\d))/g, "\u2009");

/** `+6.00 USD`; empty where nothing changes. */
export function moneyChange(before: readonly Cost[], after: readonly Cost[]): string {
  const currencies = [...new Set([...before, ...after].map(({ currency }) => currency))];
  const of = (all: readonly Cost[], currency: string) =>
    all.find((cost) => cost.currency === currency)?.monthlyMicro ?? 0;
  return currencies
    .map((currency) => ({ currency, by: of(after, currency) - of(before, currency) }))
    .filter(({ by }) => by !== 0)
    .map(({ currency, by }) => `${by > 0 ? "+" : "−"}${grouped(Math.abs(by) / 1_000_000)} ${currency}`)
    .join(", ");
}

/** `12 min ago`, and the instant itself for who wants it. */
export const ago = (at: string, now: number): Markup =>
  html`<time datetime="${at}" title="${at}">${span(now - Date.parse(at))} ago</time>`;

export const shortCommit = (commit: string): Markup => html`<code>${commit.slice(0, 10)}</code>`;

/** A value as a person reads it; nothing and an empty list as a dash. */
export function value(of: unknown): string {
  if (of === undefined || of === null || of === "") return "—";
  if (typeof of === "boolean") return of ? "yes" : "no";
  if (Array.isArray(of))
    return of.length === 0 ? "—" : of.map((one) => (isPlain(one) ? String(one) : JSON.stringify(one))).join(", ");
  if (typeof of !== "object") return String(of);
  const entries = Object.entries(of);
  return entries.length === 0 ? "—" : entries.map(([key, one]) => entry(key, one)).join(", ");
}

const entry = (key: string, one: unknown): string =>
  one === null ? key : `${key}=${isPlain(one) ? one : JSON.stringify(one)}`;
const isPlain = (of: unknown): boolean => typeof of !== "object" || of === null;

/** What one sees first: a word in a colour that says how good it is, and a sign for those who see no colours. */
export type Tone = "good" | "busy" | "warn" | "bad" | "idle";
const SIGNS: Readonly<Record<Tone, string>> = { good: "✓", busy: "…", warn: "!", bad: "✕", idle: "·" };

export const badge = (tone: Tone, words: string): Markup =>
  html`<span class="badge ${tone}"><span aria-hidden="true">${SIGNS[tone]}</span> ${words}</span>`;

export const empty = (words: string): Markup => html`<p class="empty">${words}</p>`;

/** Name and value pairs. */
export const facts = (all: readonly (readonly [name: string, value: Markup | string | undefined])[]): Markup =>
  html`<dl class="facts">${all.map(([name, of]) =>
    of === undefined || of === "" ? nothing : html`<div><dt>${name}</dt><dd>${of}</dd></div>`,
  )}</dl>`;
