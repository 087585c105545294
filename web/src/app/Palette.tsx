// Palette.
import { Dialog } from '../ui/Dialog';

export default function Palette({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="" onClose={onClose}>
      {null}
    </Dialog>
  );
}
