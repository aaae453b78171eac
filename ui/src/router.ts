/** Pages and who may open them: agents have a desk and see the wallboard, everybody else has the wallboard. */

import { createRouter, createWebHistory, type RouteLocationRaw } from 'vue-router';
import { hasDesk, me } from './session';

declare module 'vue-router' {
  interface RouteMeta {
    /** Open without signing in. */
    open?: boolean;
    /** Only for an account that has a desk. */
    desk?: boolean;
  }
}

export function home(): RouteLocationRaw {
  return { name: hasDesk.value ? 'desk' : 'wallboard' };
}

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', name: 'home', redirect: home },
    { path: '/login', name: 'login', component: () => import('./pages/LoginPage.vue'), meta: { open: true } },
    { path: '/desk', name: 'desk', component: () => import('./pages/DeskPage.vue'), meta: { desk: true } },
    { path: '/wallboard', name: 'wallboard', component: () => import('./pages/WallboardPage.vue') },
    { path: '/:rest(.*)*', name: 'not-found', component: () => import('./pages/NoticePage.vue'), props: { kind: 'notFound' }, meta: { open: true } },
    { path: '/not-allowed', name: 'not-allowed', component: () => import('./pages/NoticePage.vue'), props: { kind: 'notAllowed' } },
  ],
});

/** The page that was asked for before signing in, if it is one of ours and this account may open it. */
export function afterLogin(next: unknown): RouteLocationRaw {
  if (typeof next !== 'string' || !next.startsWith('/')) return home();
  const target = router.resolve(next);
  return target.meta.open || (target.meta.desk && !hasDesk.value) ? home() : target;
}

router.beforeEach((to) => {
  if (me.value === null) {
    if (to.meta.open) return true;
    // Whose home it is shows only after signing in.
    const asked = to.redirectedFrom?.fullPath ?? to.fullPath;
    return { name: 'login', query: asked === '/' ? {} : { next: asked } };
  }
  if (to.name === 'login') return home();
  if (to.meta.desk && !hasDesk.value) return { name: 'not-allowed', replace: true };
  return true;
});
