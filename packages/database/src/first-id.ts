/** Sorts before every UUID that we create: the start of a list by id. */
export const FIRST_ID = '00000000-0000-0000-0000-000000000000';
