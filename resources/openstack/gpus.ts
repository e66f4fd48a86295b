/** GPUs that a flavor asks for: virtual ones from Placement, or whole devices by an alias that nova's operator chose, which is all that names them. */
export function gpusOf(specs: Readonly<Record<string, string>>): { gpus: number; gpuType?: string } | undefined {
  let gpus = 0;
  let gpuType: string | undefined;
  for (const [key, value] of Object.entries(specs)) {
    if (/^resources\d*:VGPU$/.test(key)) gpus += Number(value) || 0;
    if (/^trait\d*:CUSTOM_/.test(key) && value === "required" && /GPU|NVIDIA|AMD/.test(key))
      gpuType ??= key.split("CUSTOM_")[1];
    if (key !== "pci_passthrough:alias") continue;
    for (const alias of value.split(",")) {
      const [name = "", count = "1"] = alias.trim().split(":");
      gpus += Number(count) || 0;
      gpuType ??= name;
    }
  }
  return gpus > 0 ? { gpus, ...(gpuType ? { gpuType } : {}) } : undefined;
}

/** GPUs of a flavor by its extra specs; where they say nothing, by its name: `n3-RTX-A6000x4`, `n3-L40-8`. */
export function gpusOfFlavor(name: string, specs: Readonly<Record<string, string>> = {}): number {
  return gpusOf(specs)?.gpus ?? Number(/^n\d+-.*[A-Za-z].*?(?:x|-)(\d{1,2})$/.exec(name)?.[1] ?? 0);
}

/** Whether a resource class of Placement counts GPUs of a type: virtual ones, or what an operator named after the type, the maker or the word itself. */
export function isGpuClass(name: string, gpuType: string): boolean {
  if (name === "VGPU" || name === "PGPU") return true;
  if (!name.startsWith("CUSTOM_")) return false;
  // NVIDIA's number among makers of PCI devices.
  return name.includes(gpuType.toUpperCase().replace(/[^A-Z0-9]/g, "_")) || /GPU|NVIDIA|PCI_10DE_/.test(name);
}
