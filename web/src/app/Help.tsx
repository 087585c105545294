// Help.
import { Dialog } from '../ui/Dialog';

export default function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="" onClose={onClose}>
      {null}
    </Dialog>
  );
}
