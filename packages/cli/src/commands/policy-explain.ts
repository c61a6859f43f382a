import { chooseTier, nameConsents } from '@mex/host';
import { argumentText, type CommandRun, optionList } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { printExplanation } from '../explanation-view.ts';
import { closeHost, openWiredHost } from '../home.ts';
import { addInputs, parseInput } from '../named-inputs.ts';
import { readDocument } from '../read-document.ts';

/** `mex policy explain <operation.json|->`: what would happen to it, and what decides. Runs and records nothing of it; inputs are stored, because the gates look at them. */
export const explainPolicy: CommandRun = async (invocation, terminal) => {
  const inputs = optionList(invocation, 'input').map(parseInput);
  const text = await readDocument(argumentText(invocation, 'operation'));
  const host = await openWiredHost(invocation);
  try {
    // As `mex run` sends it.
    const operation = nameConsents(await addInputs(host, text, inputs), host.caller.id, host.consents);
    const explanation = await host.explain(operation);
    const { engine } = host.registry.resolve(explanation.engine_id);
    const why = engine === undefined ? '' : chooseTier(host.policy.policy.tiers, engine).why;
    const tier = explanation.tier === null ? null : { ...explanation.tier, why };
    terminal.document({ ...explanation, tier });
    printExplanation(terminal, explanation, why);
    const { verdict } = explanation;
    return verdict === 'allowed' || verdict === 'answered' ? EXIT.done : EXIT.denied;
  } finally {
    await closeHost(host);
  }
};
