import type { ComponentProps } from 'react';
import { Icon, type IconName } from './icon.tsx';

interface IconButtonProps extends Omit<ComponentProps<'button'>, 'aria-label' | 'children' | 'type'> {
  icon: IconName;
  /** Its action in words: read out, and shown as a tooltip. */
  label: string;
}

export const IconButton = ({ icon, label, className = '', ...rest }: IconButtonProps) => (
  <button {...rest} type="button" className={`icon-button ${className}`} aria-label={label} title={label}>
    <Icon name={icon} />
  </button>
);
