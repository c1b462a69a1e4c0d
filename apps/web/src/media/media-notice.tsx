import type { MediaState } from '@claimcheck/client';
import { Icon, type IconName } from '../ui/icon.tsx';

const ICONS: Partial<Record<MediaState, IconName>> = {
  blocked: 'shield',
  failed: 'warning',
  expired: 'clock',
  deleted: 'trash',
};

interface MediaNoticeProps {
  state: MediaState;
  name: string;
  words: string | undefined;
}

/** Stands where a file would be that is not there, or not any longer, and says why. */
export const MediaNotice = ({ state, name, words }: MediaNoticeProps) => (
  <div className="notice" data-state={state}>
    <Icon name={ICONS[state] ?? 'file'} />
    <div>
      <p className="gone">{name}</p>
      {words && <p className="status">{words}</p>}
    </div>
  </div>
);
