import fc from "fast-check";

// The same cases on every run: a red build is about the change at hand. FC_SEED=random (or a number) looks for new ones.
const seed = process.env.FC_SEED ?? "20261125";
if (seed !== "random") fc.configureGlobal({ seed: Number(seed) });
