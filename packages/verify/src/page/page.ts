import { sentencesOf, verify } from '../verify.ts';

/** What is used of the page: this package is compiled without the types of browsers. */
interface Part {
  value: string | number;
  className: string;
  textContent: string | null;
  hidden: boolean;
  readonly files?: ArrayLike<Blob> | null;
  addEventListener(name: string, listener: (event: PageEvent) => void): void;
}

interface PageEvent {
  preventDefault(): void;
  readonly dataTransfer?: { readonly files: ArrayLike<Blob> } | null;
}

declare const document: { querySelector(selector: string): Part | null };

function part(id: string): Part {
  const found = document.querySelector(`#${id}`);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}

const drop = part('drop');
const progress = part('progress');
const verdictPart = part('verdict');
/** Of the file that was chosen last: what an earlier one comes to is not shown any more. */
let turn = 0;

async function show(file: Blob | undefined): Promise<void> {
  if (file === undefined) return;
  turn += 1;
  const ours = turn;
  progress.hidden = false;
  tell('', 'Verifying…');
  const kept = String(part('checkpoints').value);
  try {
    const verdict = await verify(file, {
      keys: [String(part('keys').value)],
      checkpoints: kept.trim() === '' ? [] : [withLastNewline(kept)],
      onProgress: (done, total) => {
        if (ours === turn) progress.value = done / total;
      },
    });
    if (ours === turn) tell(verdict.outcome, sentencesOf(verdict).join('\n'));
  } catch (failure) {
    if (ours === turn) tell('unchecked', `Could not be checked: ${String(failure)}`);
  } finally {
    if (ours === turn) progress.hidden = true;
  }
}

function tell(className: string, text: string): void {
  verdictPart.className = className;
  verdictPart.textContent = text;
}

/** Which pasting loses. */
function withLastNewline(text: string): string {
  return `${text.trimEnd()}\n`;
}

part('file').addEventListener('change', () => void show(part('file').files?.[0]));
drop.addEventListener('dragover', (event) => {
  event.preventDefault();
  drop.className = 'over';
});
drop.addEventListener('dragleave', () => {
  drop.className = '';
});
drop.addEventListener('drop', (event) => {
  event.preventDefault();
  drop.className = '';
  void show(event.dataTransfer?.files[0]);
});
