/** Returns the names of a process's metrics, including series of histograms. @param text the answer of `/metrics` */
export const offeredNames = (text: string): Set<string> =>
  new Set(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );

/** Returns our metrics that a text (a dashboard, rules, a document) names. */
export const namedMetrics = (text: string): string[] => [
  ...new Set(text.match(/\bclaimcheck_[a-z_]+\b/g) ?? []),
];
