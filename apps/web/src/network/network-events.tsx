import type { LineEvent } from './network-line.ts';

const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

export const NetworkEvents = ({ events }: { events: readonly LineEvent[] }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
  <section className="line-events" aria-label="What happened" tabIndex={0}>
    {events.length === 0 && <p className="quiet">Nothing yet. Send a file.</p>}
    <ol data-testid="line-events">
      {events.map(({ id, at, words }) => (
        <li key={id}>
          <time dateTime={at.toISOString()} dir="auto">
            {time.format(at)}
          </time>{' '}
          {words}
        </li>
      ))}
    </ol>
  </section>
);
