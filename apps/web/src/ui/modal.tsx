import { type ReactNode, useId, useLayoutEffect, useRef } from 'react';

interface ModalProps {
  title: string;
  onClose: () => void;
  className?: string;
  /** Label of a button below the content that only closes. */
  closeLabel?: string;
  children: ReactNode;
}

/** The browser's own dialog: it keeps the focus inside, gives it back afterwards, and closes on Escape. */
export const Modal = ({ title, onClose, className = 'modal', closeLabel, children }: ModalProps) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  // A dialog that is gone from the page can no longer give the focus back: this runs while it is still there.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard closes it with Escape
    <dialog
      ref={dialog}
      className={className}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        // Only the backdrop is the dialog itself.
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <h2 id={titleId} className="modal-title">
        {title}
      </h2>
      {children}
      {closeLabel && (
        <div className="modal-foot">
          <button type="button" onClick={onClose}>
            {closeLabel}
          </button>
        </div>
      )}
    </dialog>
  );
};
