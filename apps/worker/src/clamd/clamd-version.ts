const MAX_CHARACTERS = 128;

/**
 * Reads engine and signatures from clamd's answer to VERSION, such as `ClamAV 1.4.6/27000/Thu Nov 19 …`; without official
 * signatures it names only the engine. Undefined for any other answer.
 */
export const parseVersion = (answer: string): string | undefined => {
  const text = answer.replace(/\0.*$/s, '').trim();
  const [engine, signatures] = text.split('/');
  if (engine === undefined || !/^ClamAV \S+$/.test(engine)) return undefined;
  const isNumber = signatures !== undefined && /^\d+$/.test(signatures);
  return (isNumber ? `${engine}/${signatures}` : engine).slice(0, MAX_CHARACTERS);
};
