import { useReadable } from '@claimcheck/client/react';
import { useState } from 'react';
import { IconButton } from '../ui/icon-button.tsx';
import { line } from './install-line.ts';
import { LINE_MODES, LINES } from './line-modes.ts';
import { NetworkEvents } from './network-events.tsx';

const SHORT_CUT_MS = 5_000;

export const NetworkPanel = ({ onClose }: { onClose: () => void }) => {
  const { mode, events } = useReadable(line.store);
  const { isRunning, start } = useShortCut();
  return (
    <aside id="network-panel" className="network" aria-label="Network">
      <header className="panel-head">
        <h2>Network</h2>
        <IconButton icon="close" label="Close the network panel" onClick={onClose} />
      </header>
      <p className="quiet">
        Slow down or cut what this page sends and asks for, and watch uploads continue where they were.
        Pictures and videos that the browser loads by itself are not slowed down.
      </p>
      <fieldset className="choices" data-testid="line-mode">
        <legend>Speed of the line</legend>
        {LINE_MODES.map((each) => (
          <label key={each}>
            <input
              type="radio"
              name="line"
              value={each}
              checked={each === mode}
              onChange={() => line.setMode(each)}
            />
            {LINES[each].words}
          </label>
        ))}
      </fieldset>
      <button type="button" disabled={isRunning || mode === 'cut'} onClick={start}>
        Cut for {SHORT_CUT_MS / 1_000} seconds
      </button>
      <h3>What happened</h3>
      <NetworkEvents events={events} />
    </aside>
  );
};

const useShortCut = () => {
  const [isRunning, setRunning] = useState(false);
  const start = () => {
    const { mode } = line.store.get();
    line.setMode('cut');
    setRunning(true);
    // The timer also fires when the panel is closed: a line that stays cut without a visible panel would confuse.
    setTimeout(() => {
      setRunning(false);
      // Unless the user chose another mode meanwhile.
      if (line.isCut) line.setMode(mode);
    }, SHORT_CUT_MS);
  };
  return { isRunning, start };
};
