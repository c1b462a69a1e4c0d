/** Sums all series of a process's metric whose labels contain `labels`; 0 without any. */
export const metricOf = async (adminUrl: string, name: string, labels = ''): Promise<number> => {
  const lines = (await (await fetch(`${adminUrl}/metrics`)).text()).split('\n');
  return lines
    .filter((line) => /^[ {]/.test(line.slice(name.length)) && line.startsWith(name) && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
};
