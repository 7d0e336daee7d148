export async function startReplay() {}
