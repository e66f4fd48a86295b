/** The mark by which processes of a run are found again: every engine and plugin carries it in its environment. */
export const RUN_VARIABLE = "FLEETWRIGHT_RUN";
