/** This process's environment without an operator's settings for OpenTofu, and without its look for a newer version. */
export function tofuEnvironment(): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !/^TF_|^TOFU_/.test(name));
  return { ...Object.fromEntries(others), CHECKPOINT_DISABLE: "1" };
}
