import { type FocusEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { Icon, type IconName } from './icon.tsx';
import { IconButton } from './icon-button.tsx';

export interface MenuAction {
  icon: IconName;
  label: string;
  onChoose: () => void;
}

interface DisclosureMenuProps {
  label: string;
  actions: readonly MenuAction[];
  /** Opened by another element, for example on a long press. */
  isPressed: boolean;
  onClose: () => void;
}

/** A button that shows more buttons; leaving them, or Escape, hides them again. */
export const DisclosureMenu = ({ label, actions, isPressed, onClose }: DisclosureMenuProps) => {
  const [isOpen, setOpen] = useState(false);
  const listId = useId();
  const root = useRef<HTMLDivElement>(null);

  const close = () => {
    setOpen(false);
    onClose();
  };
  useEffect(() => {
    if (!isPressed) return;
    setOpen(true);
    // So that leaving it closes it.
    root.current?.querySelector('button')?.focus();
  }, [isPressed]);

  const closeOnEscape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !isOpen) return;
    event.stopPropagation();
    close();
    root.current?.querySelector('button')?.focus();
  };
  const closeWhenLeft = (event: FocusEvent) => {
    if (!event.currentTarget.contains(event.relatedTarget)) close();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: listens to what its buttons let through
    <div ref={root} className="menu" data-open={isOpen} onKeyDown={closeOnEscape} onBlur={closeWhenLeft}>
      <IconButton
        icon="more"
        label={label}
        aria-expanded={isOpen}
        aria-controls={listId}
        data-testid="message-menu"
        onClick={() => setOpen((open) => !open)}
      />
      <ul id={listId} hidden={!isOpen}>
        {actions.map((action) => (
          <li key={action.label}>
            <button
              type="button"
              onClick={() => {
                close();
                action.onChoose();
              }}
            >
              <Icon name={action.icon} />
              {action.label}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
};
