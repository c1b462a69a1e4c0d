/** Names of the metrics that a process offers, of histograms their series too. @param text as `/metrics` answers */
export const offeredNames = (text: string): Set<string> =>
  new Set(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );

/** Our metrics that a text (a dashboard, rules, a document) names. */
export const namedMetrics = (text: string): string[] => [
  ...new Set(text.match(/\bclaimcheck_[a-z_]+\b/g) ?? []),
];
