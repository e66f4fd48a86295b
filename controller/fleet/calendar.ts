/** Whether a date, or an instant with its zone, is one of the calendar. */
export function isDate(text: string): boolean {
  // `new Date("2027-02-30")` is the second of March, so the day is compared as well.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return (
    !Number.isNaN(Date.parse(text)) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10))
  );
}
