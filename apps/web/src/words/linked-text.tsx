const ADDRESS = /https?:\/\/[^\s<>"]+[^\s<>"'.,:;!?)\]}]/g;

/** Shows a text in the direction of its own letters, with its web addresses as links. */
export const LinkedText = ({ text, className }: { text: string; className: string }) => {
  const parts: (string | { href: string })[] = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    parts.push(text.slice(end, match.index), { href: match[0] });
    end = match.index + match[0].length;
  }
  parts.push(text.slice(end));
  return (
    <p className={className} dir="auto">
      {parts.map((part, index) =>
        typeof part === 'string' ? (
          part
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never move
          <a key={index} href={part.href} target="_blank" rel="noreferrer noopener">
            {part.href}
          </a>
        ),
      )}
    </p>
  );
};
