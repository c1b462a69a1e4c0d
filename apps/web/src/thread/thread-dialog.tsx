import type { Message, Messages } from '@claimcheck/client';
import { Gallery } from '../gallery/gallery.tsx';
import { entryKey, galleryEntries } from '../gallery/gallery-entries.ts';
import { DeleteModal } from './delete-modal.tsx';
import { ForwardModal } from './forward-modal.tsx';
import { MediaDialog } from './media-dialog.tsx';

export type ShownDialog =
  | { kind: 'forward' | 'remove'; message: Message }
  | { kind: 'view'; message: Message; mediaId: string }
  | { kind: 'media'; conversationId: string };

interface ThreadDialogProps {
  dialog: ShownDialog;
  messages: Messages;
  onChange: (dialog: ShownDialog | undefined) => void;
}

export const ThreadDialog = ({ dialog, messages, onChange }: ThreadDialogProps) => {
  const close = () => onChange(undefined);
  switch (dialog.kind) {
    case 'forward':
      return <ForwardModal message={dialog.message} onClose={close} />;
    case 'remove':
      return <DeleteModal message={dialog.message} onClose={close} />;
    case 'media':
      return <MediaDialog conversationId={dialog.conversationId} onClose={close} />;
    case 'view':
      return (
        <Gallery
          entries={galleryEntries(messages)}
          shown={entryKey(dialog.message, dialog.mediaId)}
          onShow={(next) => onChange({ kind: 'view', message: next.message, mediaId: next.mediaId })}
          onClose={close}
        />
      );
  }
};
