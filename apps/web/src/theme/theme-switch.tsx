import { useState } from 'react';
import { applyTheme, rememberedTheme, THEMES, type Theme } from './theme.ts';

const WORDS: Record<Theme, string> = { system: 'Auto', light: 'Light', dark: 'Dark' };

export const ThemeSwitch = () => {
  const [theme, setTheme] = useState(rememberedTheme);
  const choose = (chosen: Theme) => {
    applyTheme(chosen);
    setTheme(chosen);
  };
  return (
    <fieldset className="segments" data-testid="theme">
      <legend className="visually-hidden">Colours</legend>
      {THEMES.map((each) => (
        <label key={each}>
          <input
            type="radio"
            name="theme"
            value={each}
            checked={each === theme}
            onChange={() => choose(each)}
          />
          <span>{WORDS[each]}</span>
        </label>
      ))}
    </fieldset>
  );
};
