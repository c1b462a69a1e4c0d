import { type ChangeEvent, useId } from 'react';

interface ChooseAgainProps {
  name: string;
  onFile: (file: File) => void;
}

/** After a reload, a page cannot read a file by itself, unless its bytes were kept. */
export const ChooseAgain = ({ name, onFile }: ChooseAgainProps) => {
  const id = useId();
  const choose = (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.target.files?.[0];
    if (file) onFile(file);
  };
  return (
    <>
      <input id={id} type="file" className="visually-hidden" data-testid="choose-again" onChange={choose} />
      <label htmlFor={id} className="text-button">
        Choose {name} again to continue
      </label>
    </>
  );
};
