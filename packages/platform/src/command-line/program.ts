import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { describeFailure } from './failure.ts';
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
    .addHelpText(
      'after',
      `
The store and everything else is set in the environment (COUNTERFOIL_DATA_DIR, COUNTERFOIL_STORE, ...) or in
the file named by --config; the environment wins.`,
    );
  const command = (signature: string, description: string): Command =>
    program
      .command(signature)
      .description(description)
      .option('--config <file>', 'a JSON file with settings');

  command('serve', 'Serve the HTTP API until told to stop')
    .option('--demo', 'also load the demo data set: real prices, accounts that trade at them')
    .addHelpText(
      'after',
      `
Examples:
  counterfoil serve --demo
  COUNTERFOIL_PORT=9000 COUNTERFOIL_DATA_DIR=/srv/counterfoil counterfoil serve

SIGTERM and SIGINT (Ctrl-C) finish the requests under way and close the stores.`,
    )
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

  return program;
}
