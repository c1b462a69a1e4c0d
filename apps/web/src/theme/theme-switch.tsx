import { useState } from 'react';
import { Segments } from '../ui/segments.tsx';
import { applyTheme, rememberedTheme, type Theme } from './theme.ts';

const WORDS: Record<Theme, string> = { system: 'Auto', light: 'Light', dark: 'Dark' };

export const ThemeSwitch = () => {
  const [theme, setTheme] = useState(rememberedTheme);
  const choose = (chosen: Theme) => {
    applyTheme(chosen);
    setTheme(chosen);
  };
  return <Segments name="theme" legend="Colours" words={WORDS} chosen={theme} onChoose={choose} />;
};
