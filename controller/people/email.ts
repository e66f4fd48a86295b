/** A mail address as it is compared: people write theirs in several ways. NUL is no character of a text in PostgreSQL. */
export const emailKey = (email: string): string => email.replaceAll("\0", "").trim().normalize("NFKC").toLowerCase();
