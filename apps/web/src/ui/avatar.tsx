const HUES = 12;

/** The same name has the same colour everywhere. */
const hueOf = (name: string): number => {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 997;
  return ((sum % HUES) * 360) / HUES;
};

/** Stands next to the name, so it is decoration. */
export const Avatar = ({ name }: { name: string }) => (
  <span className="avatar" aria-hidden="true" style={{ '--hue': hueOf(name) }}>
    {name.slice(0, 1).toUpperCase()}
  </span>
);
