export { createNativeClient, type NativeOptions } from './create-native-client.ts';
export { fileFrom, type NativeFile, type PickedFile, type ReadBytes } from './native-file.ts';
