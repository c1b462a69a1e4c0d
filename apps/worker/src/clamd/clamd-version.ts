const MAX_CHARACTERS = 128;

/**
 * Engine and signatures from clamd's answer to VERSION, such as `ClamAV 1.4.6/27000/Thu Nov 19 …`; without
 * signatures of the official kind it names the engine alone. Undefined for anything else.
 */
export const parseVersion = (answer: string): string | undefined => {
  const text = answer.replace(/\0.*$/s, '').trim();
  const [engine, signatures] = text.split('/');
  if (engine === undefined || !/^ClamAV \S+$/.test(engine)) return undefined;
  const isNumber = signatures !== undefined && /^\d+$/.test(signatures);
  return (isNumber ? `${engine}/${signatures}` : engine).slice(0, MAX_CHARACTERS);
};
