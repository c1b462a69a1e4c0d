import { IconButton } from '../ui/icon-button.tsx';

interface GalleryPagesProps {
  hasPrevious: boolean;
  hasNext: boolean;
  onTurn: (by: number) => void;
}

export const GalleryPages = ({ hasPrevious, hasNext, onTurn }: GalleryPagesProps) => (
  <>
    <IconButton
      icon="back"
      label="Previous"
      className="turn previous"
      disabled={!hasPrevious}
      onClick={() => onTurn(-1)}
    />
    <IconButton
      icon="next"
      label="Next"
      className="turn next"
      disabled={!hasNext}
      onClick={() => onTurn(1)}
    />
  </>
);
