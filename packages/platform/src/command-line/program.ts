import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { describeFailure } from './failure.ts';
import * as help from './help.ts';
import { importHelp } from './import/help.ts';
import { processTerminal, type Terminal } from './terminal.ts';

/** Runs the command that the arguments name; answers the exit code, having said all there is to say. */
export async function runCommandLine(
  commandArguments: readonly string[],
  terminal: Terminal = processTerminal(),
): Promise<number> {
  let exitCode = 0;
  const program = describeProgram(terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(commandArguments, { from: 'user' });
    return exitCode;
  } catch (failure) {
    // Of these the user has been told already.
    if (failure instanceof CommanderError) return failure.exitCode;
    terminal.tell(describeFailure(failure));
    return 1;
  }
}

// Each command's code is loaded when it is called: replaying needs no HTTP server, serving no CSV.
function describeProgram(terminal: Terminal, exitWith: (code: number) => void): Command {
  const program = new Command('counterfoil')
    .description('An event-sourced system of record for investments')
    .version(packageJson.version)
    .exitOverride()
    .showHelpAfterError('(counterfoil --help lists commands and options)')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', help.program);
  const command = (signature: string, description: string): Command =>
    program
      .command(signature)
      .description(description)
      .option('--config <file>', 'a JSON file with settings');

  command('serve', 'Serve the HTTP API until told to stop')
    .option('--demo', 'also load the demo data set: real prices, accounts that trade at them')
    .addHelpText('after', help.serve)
    .action(async (options) => {
      const { serve } = await import('./serve.ts');
      exitWith(await serve(options, terminal));
    });

  command('import <kind> <file>', 'Import a CSV file of accounts, instruments, trades or prices')
    .addHelpText('after', importHelp)
    .action(async (kind, file, options) => {
      const { importFile } = await import('./import/import.ts');
      exitWith(await importFile(kind, file, options, terminal));
    });

  command('replay', 'Read events in order: print them, or fold them and say how many there were')
    .option('--stream <stream>', 'only of one stream, such as account-DEMO-01')
    .option('--type <types...>', 'only of these types, such as TradeBooked')
    .option('--from <position>', 'begin at this position')
    .option('--to <point>', 'end with this position, or with what was recorded by this moment')
    .option('--json', 'print each event as a line of JSON; decimals and instants are text')
    .addHelpText('after', help.replay)
    .action(async (options) => {
      const { replay } = await import('./replay.ts');
      exitWith(await replay(options, terminal));
    });

  command('rebuild [name...]', 'Build read models anew beside the ones being shown, and switch')
    .addHelpText('after', help.rebuild)
    .action(async (names, options) => {
      const { rebuild } = await import('./rebuild.ts');
      exitWith(await rebuild(names, options, terminal));
    });

  command('verify', 'Prove that the log is whole and that the read models equal it')
    .addHelpText('after', help.verify)
    .action(async (options) => {
      const { verify } = await import('./verify/verify.ts');
      exitWith(await verify(options, terminal));
    });

  command('checkpoint', 'Print the newest signed checkpoint, for you to keep somewhere else')
    .option('--keys', 'print the keys that verify checkpoints instead, the newest first')
    .option('--new-key', 'make a key that signs from the next start on, and print all keys')
    .addHelpText('after', help.checkpoint)
    .action(async (options) => {
      const { checkpoint } = await import('./checkpoint.ts');
      exitWith(await checkpoint(options, terminal));
    });

  command('backup <file>', 'Copy the log into a file while it may be written')
    .addHelpText('after', help.backup)
    .action(async (file, options) => {
      const { backup } = await import('./backup.ts');
      exitWith(await backup(file, options, terminal));
    });

  command('archive', 'Write what was recorded before a day into compressed, signed files')
    .requiredOption('--until <day>', 'a day of UTC: what was recorded before it')
    .requiredOption('--to <directory>', 'where the files are, and those of earlier archives')
    .addHelpText('after', help.archive)
    .action(async (options) => {
      const { archive } = await import('./archive.ts');
      exitWith(await archive(options, terminal));
    });

  command('keys <action> [file]', 'List, rotate, back up or restore the keys of what is encrypted')
    .addHelpText('after', help.keys)
    .action(async (action, file, options) => {
      const { keys } = await import('./keys.ts');
      exitWith(await keys(action, file, options, terminal));
    });

  command('users <action> [username]', 'List users, add one, give one another password')
    .option('--name <text>', 'add: as people call him; the username when left out')
    .option('--email <address>', 'add: his e-mail address')
    .option('--role <roles...>', 'add: such as ADMIN; READ_ONLY when left out')
    .option('--account <accounts...>', "add: those that are an investor's own")
    .addHelpText('after', help.users)
    .action(async (action, username, options) => {
      const { users } = await import('./users.ts');
      exitWith(await users(action, username, options, terminal));
    });

  command('export', 'Write the record to a file that can be verified without this program')
    .requiredOption('--to <file>', 'the file to write, JSON Lines')
    .option('--from <position>', 'begin with this entry; the first when left out')
    .option('--until <position>', 'end with this entry; the last that is sealed when left out')
    .addHelpText('after', help.exporting)
    .action(async (options) => {
      const { exportRecord } = await import('./export.ts');
      exitWith(await exportRecord(options, terminal));
    });

  command('restore <backup>', 'Make the store what a backup was at a position or moment')
    .option('--to <point>', 'a position, or a moment by which it was recorded; all when left out')
    .option('--in-place', 'replace the log of the embedded store, keeping it under a dated name')
    .addHelpText('after', help.restore)
    .action(async (file, options) => {
      const { restore } = await import('./restore.ts');
      exitWith(await restore(file, options, terminal));
    });

  return program;
}
