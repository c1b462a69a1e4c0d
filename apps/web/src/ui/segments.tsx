interface SegmentsProps<Choice extends string> {
  /** Read out before the choices. */
  legend: string;
  /** What each choice is called, in their order. */
  words: Readonly<Record<Choice, string>>;
  chosen: Choice;
  onChoose: (choice: Choice) => void;
  name: string;
}

/** A choice of few, side by side: the arrow keys move it. */
export const Segments = <Choice extends string>(props: SegmentsProps<Choice>) => {
  const choices = Object.entries(props.words) as [Choice, string][];
  return (
    <fieldset className="segments" data-testid={props.name}>
      <legend className="visually-hidden">{props.legend}</legend>
      {choices.map(([choice, words]) => (
        <label key={choice}>
          <input
            type="radio"
            name={props.name}
            value={choice}
            checked={choice === props.chosen}
            onChange={() => props.onChoose(choice)}
          />
          <span>{words}</span>
        </label>
      ))}
    </fieldset>
  );
};
