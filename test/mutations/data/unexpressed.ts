/** Bugs of the list that our code cannot have, or not yet, and why. */
export const unexpressed: ReadonlyMap<number, string> = new Map([
  [49, 'torn tail against corruption in the middle: there is no format on disk in which either could occur'],
]);

/** How many bugs the list has; mutations of them are called t01 to t54, those of our own s01 and on. */
export const bugCount = 54;
