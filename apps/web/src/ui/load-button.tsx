import { useState } from 'react';
import { wordsOfError } from '../words/words-of-error.ts';

interface LoadButtonProps {
  label: string;
  onLoad: () => Promise<void>;
}

/** Loads another page, and says why if it cannot. */
export const LoadButton = ({ label, onLoad }: LoadButtonProps) => {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const load = async () => {
    setBusy(true);
    setProblem(undefined);
    await onLoad().catch((error) => setProblem(wordsOfError(error)));
    setBusy(false);
  };
  return (
    <p className="load">
      <button type="button" onClick={load} disabled={isBusy}>
        {isBusy ? 'Loading…' : label}
      </button>
      {problem && <span role="alert"> {problem}</span>}
    </p>
  );
};
